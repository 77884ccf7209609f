"""Worker processes that start fresh (spawn) instead of as copies of this one (fork): a fork cannot use CUDA."""

import multiprocessing.context
import signal
from multiprocessing import resource_tracker
from pickle import PicklingError

FOR_THE_PARENT = (signal.SIGINT, signal.SIGTERM)


class SpawnProcess(multiprocessing.context.SpawnProcess):
    """A process that gets no SIGINT and SIGTERM from its first moment on: it imports for seconds before a loader can
    tell it to leave them to its parent."""

    def start(self) -> None:
        """Raises: ValueError: something that the process needs does not pickle."""
        resource_tracker.ensure_running()  # its first start would unblock the signals
        before = signal.pthread_sigmask(signal.SIG_BLOCK, FOR_THE_PARENT)  # the process inherits it
        try:
            super().start()
        except (PicklingError, AttributeError, TypeError) as error:
            raise ValueError(
                f"loading.decoder=nvdec: workers that decode on a GPU get the data set pickled, and it does not pickle "
                f"({error}). Define your own transforms and targets as classes or functions of a module, not inside a "
                "function, or use decoder=pyav."
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class SpawnContext(multiprocessing.context.SpawnContext):
    """For ``DataLoader(multiprocessing_context=...)``."""

    Process = SpawnProcess
