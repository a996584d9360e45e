"""Every exception and warning of plugframe.

Each carries what it speaks of as attributes, subclasses the builtin that callers already catch, pickles, and makes its
message without importing anything.
"""

from plugframe.errors.calls import CallHookError as CallHookError
from plugframe.errors.calls import CallPlanError as CallPlanError
from plugframe.errors.environments import CommandNotRunError as CommandNotRunError
from plugframe.errors.environments import NameNotInstalledError as NameNotInstalledError
from plugframe.errors.hooks import CoroutineHookError as CoroutineHookError
from plugframe.errors.hooks import HookArgumentError as HookArgumentError
from plugframe.errors.hooks import HookValidationError as HookValidationError
from plugframe.errors.libraries import DuplicateLibraryError as DuplicateLibraryError
from plugframe.errors.libraries import LibraryError as LibraryError
from plugframe.errors.libraries import LibraryFormatError as LibraryFormatError
from plugframe.errors.libraries import LibraryVersionError as LibraryVersionError
from plugframe.errors.libraries import NativeError as NativeError
from plugframe.errors.libraries import NativeMemoryError as NativeMemoryError
from plugframe.errors.libraries import NativeTypeError as NativeTypeError
from plugframe.errors.libraries import NativeValueError as NativeValueError
from plugframe.errors.locks import LockError as LockError
from plugframe.errors.locks import LockMismatchError as LockMismatchError
from plugframe.errors.names import DeclarationError as DeclarationError
from plugframe.errors.names import LazyImportError as LazyImportError
from plugframe.errors.names import LazyModuleNotFoundError as LazyModuleNotFoundError
from plugframe.errors.names import NamespaceError as NamespaceError
from plugframe.errors.names import NotRegisteredError as NotRegisteredError
from plugframe.errors.names import ReferenceNotFoundError as ReferenceNotFoundError
from plugframe.errors.operations import AmbiguousCallError as AmbiguousCallError
from plugframe.errors.operations import AnnotationError as AnnotationError
from plugframe.errors.operations import BackendNotFoundError as BackendNotFoundError
from plugframe.errors.operations import Decline as Decline
from plugframe.errors.operations import ImplementationMismatchError as ImplementationMismatchError
from plugframe.errors.operations import LateDeclineError as LateDeclineError
from plugframe.errors.operations import NoImplementationError as NoImplementationError
from plugframe.errors.operations import OperationSettingError as OperationSettingError
from plugframe.errors.operations import UnknownOperationError as UnknownOperationError
from plugframe.errors.plugins import EnvironmentNotReadableError as EnvironmentNotReadableError
from plugframe.errors.plugins import PluginBlockedError as PluginBlockedError
from plugframe.errors.plugins import PluginImportError as PluginImportError
from plugframe.errors.plugins import PluginLoadError as PluginLoadError
from plugframe.errors.plugins import PluginModuleNotFoundError as PluginModuleNotFoundError
from plugframe.errors.plugins import PluginNotFoundError as PluginNotFoundError
from plugframe.errors.plugins import RequiredPluginError as RequiredPluginError
from plugframe.errors.plugins import UnknownNameError as UnknownNameError
from plugframe.errors.registration import RegistrationConflictError as RegistrationConflictError
from plugframe.errors.registration import RegistrationError as RegistrationError
from plugframe.errors.registration import SignatureMismatchError as SignatureMismatchError
from plugframe.errors.registration import SlotBoundError as SlotBoundError
from plugframe.errors.registration import UnboundSlotError as UnboundSlotError
from plugframe.errors.roots import PlugframeError as PlugframeError
from plugframe.errors.roots import PlugframeWarning as PlugframeWarning
from plugframe.errors.roots import near_matches as near_matches
from plugframe.errors.settings import SettingsError as SettingsError
