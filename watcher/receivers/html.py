"""The message as an HTML e-mail: the sentences of the text, in tables that old and dark mail programs can show."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from watcher.core.message import Desk, Notification, NotifyReason
from watcher.core.message.wording import letter
from watcher.receivers.picture import Inline

#: Background of a mark, dark enough for white letters, whatever the mail program's own colours are.
_COLOURS = {"CRITICAL": "#b3261e", "WARNING": "#8a5300", "INFO": "#1f5fa8", "ENDED": "#2e6b34", "WITHDRAWN": "#5a5a5a"}
#: For what is no alarm: a test, or how things stood when watching began.
_CALM = "#5a5a5a"

_TEMPLATES = Environment(
    loader=PackageLoader("watcher", "receivers"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def html(notification: Notification, desk: Desk, pictures: Sequence[Inline] = ()) -> str:
    """The whole document; everything in it is escaped, and it loads nothing from elsewhere.

    :param pictures: what is attached to the message, each shown with its alert.
    """
    calm = notification.reason in {NotifyReason.DRILL, NotifyReason.ALIVE, NotifyReason.STATE_AT_START}
    return _TEMPLATES.get_template("email.html.j2").render(
        letter=letter(notification, desk),
        colours={} if calm else _COLOURS,
        calm=_CALM,
        pictures={picture.place: picture for picture in pictures},
    )
