"""Structured logs on standard error; values that look like secrets are blanked before any handler sees them."""

import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from mops.lib.redact import redact


def blank_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


class RedactingFilter(logging.Filter):
    """For records of libraries that log by themselves (google-ads writes one line per failed call)."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):  # structlog's own records are dicts, already blanked
            record.msg, record.args = redact(record.getMessage()), ()
        return True


def configure(options: dict[str, str]) -> None:
    """Django's LOGGING_CONFIG hook. `options` = {"level": "INFO"}."""
    shared: list[Any] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
              structlog.processors.TimeStamper(fmt="iso", utc=True), blank_secrets]  # fmt: skip
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": RedactingFilter}},
        "formatters": {"line": {"()": structlog.stdlib.ProcessorFormatter, "foreign_pre_chain": shared,
                                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                                               structlog.processors.format_exc_info, blank_secrets,
                                               structlog.processors.LogfmtRenderer(bool_as_flag=False)]}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]}},
        "root": {"handlers": ["stderr"], "level": options.get("level", "INFO")},
        "loggers": {"google.ads.googleads.client": {"level": "ERROR"}, "httpx": {"level": "WARNING"}},
    })  # fmt: skip
    structlog.configure(processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
                        logger_factory=structlog.stdlib.LoggerFactory(), cache_logger_on_first_use=True)  # fmt: skip
