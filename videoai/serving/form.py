"""The only file of a form, written as it comes: nothing of a form is kept in memory, and nothing else is taken."""

from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from videoai.serving.problem import Problem


class FormFile:
    """A form of ``multipart/form-data`` (RFC 7578) with one part, a file."""

    def __init__(self, boundary: bytes, file: BinaryIO) -> None:
        """Raises: Problem: a form without a boundary, or one that is too long."""
        if not boundary:
            raise Problem(400, "no_form", "a form without a boundary.")
        self.file, self.num_files, self.given_name = file, 0, ""
        self._is_whole = False
        self._headers: dict[bytes, bytes] = {}  # those of the part that comes now
        self._key, self._value = bytearray(), bytearray()
        self._parser = self._new_parser(boundary)

    def write(self, data: bytes) -> None:
        """The next bytes. Raises: Problem: no form, or one with something else in it."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Problem(400, "no_form", f"the form cannot be read: {error}.") from error

    def close(self) -> None:
        """There is no more. Raises: Problem: the form has not come to its end, or holds no file."""
        if not self._is_whole:
            raise Problem(400, "no_form", "the form breaks off.")
        if not self.num_files:
            raise Problem(400, "no_file", "the form holds no file, such as curl -F file=@FILE sends.")

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._header_key,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._part,
                    "on_part_data": self._data,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise Problem(400, "no_form", f"the form cannot be read: {error}.") from error

    def _header_key(self, data: bytes, start: int, end: int) -> None:
        self._key += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._key).lower()] = bytes(self._value)
        self._key, self._value = bytearray(), bytearray()

    def _part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" not in options:
            raise Problem(422, "no_file", "the form has a field that is no file. Settings stand behind a ? in the URL.")
        self.num_files += 1
        if self.num_files > 1:
            raise Problem(422, "several_files", "the form holds several files. Send one video a request.")
        self.given_name = options[b"filename"].decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.file.write(data[start:end])

    def _end(self) -> None:
        self._is_whole = True
