"""Failures with a name, so that one place can translate each into HTTP, gRPC and journal terms."""

from collections.abc import Iterable
from dataclasses import dataclass

from atelier.v1 import common_pb2


@dataclass(frozen=True)
class FieldFault:
    """What is wrong with one field; `field` is a dotted path such as `loras.0.weight`."""

    field: str
    message: str


@dataclass(frozen=True)
class Attempt:
    """An endpoint that was asked; `outcome` is "answered" or the failure's code, `ms` the time until it was known."""

    endpoint: str
    outcome: str
    ms: int
    message: str = ""
    """What went wrong, for people."""


class Failure(Exception):
    """Something went wrong that its reader can understand and act on.

    `code` is a stable word for programs, `message` says what happened, `hint` what to do about it. A retryable
    failure makes a job go back to the queue and tells an HTTP client to come again after `retry_after_s` seconds.
    `attempts` are those who were asked in turn, where several could have helped.
    """

    code = "failed"
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str = "",
        retryable: bool | None = None,
        retry_after_s: float | None = None,
        fields: tuple[FieldFault, ...] = (),
        attempts: tuple[Attempt, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.hint = hint
        self.retryable = type(self).retryable if retryable is None else retryable
        self.retry_after_s = retry_after_s
        self.fields = fields
        self.attempts = attempts

    def to_proto(self) -> common_pb2.Error:
        """The failure as it travels."""
        error = common_pb2.Error(code=self.code, message=self.message, hint=self.hint, retryable=self.retryable)
        if self.retry_after_s is not None:
            error.retry_after_s = self.retry_after_s
        error.fields.extend(common_pb2.FieldError(field=f.field, message=f.message) for f in self.fields)
        error.attempts.extend(
            common_pb2.Attempt(endpoint=a.endpoint, outcome=a.outcome, ms=a.ms, message=a.message)
            for a in self.attempts
        )
        return error


class BadInput(Failure):
    """The request breaks a limit of the contract or cannot be done as asked."""

    code = "bad_input"

    @classmethod
    def of(cls, field: str, message: str, *, hint: str = "") -> "BadInput":
        """Bad input with one field at fault."""
        return cls(f"{field}: {message}", hint=hint, fields=(FieldFault(field, message),))


class NotFound(Failure):
    """The thing asked for does not exist, or not for this owner."""

    code = "not_found"


class ModelNotFound(NotFound):
    """No model of that name is there."""

    code = "model_not_found"

    @classmethod
    def of(cls, name: str, known: Iterable[str], *, task: str = "", field: str = "model") -> "ModelNotFound":
        """The field names a model that is not among the known ones of the task."""
        kind = f"{task} model" if task else "model"
        return cls.told(f"there is no {kind} {name!r}; known: {', '.join(known) or 'none'}", field)

    @classmethod
    def told(cls, message: str, field: str = "model") -> "ModelNotFound":
        """The same in the words of whoever looked for it."""
        return cls(f"{field}: {message}", fields=(FieldFault(field, message),))


class Conflict(Failure):
    """The thing is not in a state in which this can be done."""

    code = "conflict"


class Unavailable(Failure):
    """Whoever should answer is not there now."""

    code = "unavailable"
    retryable = True


class Overloaded(Unavailable):
    """There is more work than can be taken on; come again."""

    code = "overloaded"


class TimedOut(Unavailable):
    """No answer came in time."""

    code = "timed_out"


_BY_CODE: dict[str, type[Failure]] = {
    c.code: c for c in (BadInput, NotFound, ModelNotFound, Conflict, Unavailable, Overloaded, TimedOut)
}


def from_proto(error: common_pb2.Error) -> Failure:
    """The failure that `Failure.to_proto` sent; an unknown code gives a plain `Failure`."""
    return _BY_CODE.get(error.code, Failure)(
        error.message,
        code=error.code,
        hint=error.hint,
        retryable=error.retryable,
        retry_after_s=error.retry_after_s if error.HasField("retry_after_s") else None,
        fields=tuple(FieldFault(f.field, f.message) for f in error.fields),
        attempts=tuple(Attempt(a.endpoint, a.outcome, a.ms, a.message) for a in error.attempts),
    )


def as_failure(exception: BaseException) -> Failure:
    """Any exception as a failure: a `Failure` is itself, anything unforeseen becomes `internal` with its type named."""
    if isinstance(exception, Failure):
        return exception
    return Failure(
        f"{type(exception).__name__}: {exception}",
        code="internal",
        hint="This is a fault in the service, not in the request; its log has the details under the same trace id.",
    )
