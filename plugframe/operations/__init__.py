"""Operations: functions of a host that plugins provide backends for."""
