"""A logger of a user's own package."""

from videoai.core.loggers import Logger


class CsvLog(Logger):
    """Writes a row ``step,split,key,value`` for each scalar."""

    def __init__(self, *, run_dir, name, config, start_step, file: str) -> None:
        self.rows = (run_dir / file).open("a")

    def scalars(self, step, split, values):
        for key, value in values.items():
            print(step, split, key, value, sep=",", file=self.rows)

    def close(self):
        self.rows.close()
