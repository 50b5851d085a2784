"""Which MiniWoB++ tasks can six keys do, and how? Recipes for the oracle, reasons for what is left out.

A recipe is steps with `;` between: `press WHAT`, `type I WHAT` (value I of the task into WHAT), `submit`,
`seek WHAT` (press one WHAT after the other until the next step's element is there). WHAT is a kind, a word of
id or class, or a text in lower case, then perhaps one relation to the task's values: `=I` its text is value
I, `^I` begins with it, `~I` holds it, `@I` the text around it holds it, `&I` the text around it holds the
name of value I, `%I` it is the I-th of its kind by value I, `*` its text is any of them and it was not
pressed (as often as there is one); or `#I` alone: its kind is value I. `A|B` is B where nothing is A.
"""

from __future__ import annotations

_CHECK = "press checkbox*; submit"
_LIST = "press option=0; submit"
_ENTER = "type 0 text; submit"
_TAB = "seek tab; press span=0"
_FORWARD = "press div^0; press forward; type 1 text; press send-forward"
_SEARCH = "type 0 text&0; type 1 text&1; type 2 text&2; submit"

TRAINING = {
    "click-test": "press button",
    "click-test-2": "press button=0",
    "click-button": "press button=0",
    "click-button-sequence": "press one; press two",
    "click-checkboxes": _CHECK,
    "click-checkboxes-large": _CHECK,
    "click-option": "press radio=0; submit",
    "click-color": "press div=0",
    "click-dialog": "press button",
    "click-dialog-2": "press button=0|ui-dialog-titlebar-close",
    "click-link": "press span=0",
    "click-tab": "press tab~0",
    "click-tab-2-easy": _TAB,
    "click-tab-2-medium": _TAB,
    "click-tab-2": _TAB,
    "click-collapsible": "press tab; submit",
    "click-collapsible-2": _TAB,
    "choose-list": _LIST,
    "enter-text": _ENTER,
    "enter-date": "type 0 date; submit",
    "enter-password": "type 0 password; type 0 password; submit",
    "login-user": "type 0 text; type 1 password; submit",
    "focus-text": "press text",
    "focus-text-2": "press text%0",
    "email-inbox-delete": "press trash@0",
    "form-sequence-2": "press radio%0; type 1 text%2; submit",
    "multi-orderings": _SEARCH,
    "click-shades": "press span*; submit",
}
"""Task -> recipe; `web_mixed` draws from these."""

HELD_OUT = {
    "click-test-transfer": "press button=0",
    "click-checkboxes-transfer": _CHECK,
    "click-tab-2-hard": _TAB,
    "click-collapsible-nodelay": "press tab; submit",
    "click-collapsible-2-nodelay": _TAB,
    "click-scroll-list": "press option*; submit",
    "click-widget": "press #0",
    "enter-text-dynamic": _ENTER,
    "enter-time": "type 0 time; submit",
    "email-inbox-important": "press star@0",
    "email-inbox-reply": "press div^0; press reply; type 2 textarea; press send-reply",
    "email-inbox-forward": "press div^0; press forward; type 2 text; press send-forward",
    "email-inbox-forward-nl": _FORWARD,
    "email-inbox-forward-nl-turk": _FORWARD,
    "form-sequence-3": "press option=0; press button=1",
    "navigate-tree": "seek hitarea; press span=0|li=0",
    "unicode-test": "press button=0",
    "use-spinner": "type 0 text; submit",
    "choose-date-easy": "press datepicker; press a=1; submit",
}
"""Task -> recipe; never drawn by `web_mixed`."""

UNFIT = {
    "it needs dragging, drawing, selecting text or a place within an element": (
        "bisect-angle circle-center daily-calendar drag-box drag-circle drag-cube drag-items drag-items-grid "
        "drag-shapes drag-shapes-2 drag-single-shape drag-sort-numbers draw-circle draw-line find-midpoint "
        "form-sequence highlight-text highlight-text-2 hot-cold resize-textarea right-angle text-editor "
        "use-colorwheel use-colorwheel-2 use-slider use-slider-2"
    ),
    "it needs a clock, or a mouse that follows what moves": (
        "button-delay chase-circle click-pie click-pie-nodelay hover-shape moving-items simon-says "
        "stock-market"
    ),
    "it asks to type what its sentence does not hold": (
        "copy-paste copy-paste-2 enter-text-2 find-word guess-number read-table read-table-2 scroll-text "
        "simple-algebra simple-arithmetic terminal text-transform visual-addition"
    ),
    "what it asks about is a drawing, which the patch does not show": (
        "click-shape count-shape count-sides identify-shape number-checkboxes"
    ),
}
"""Why -> the tasks that six keys cannot express: they are refused. Those in none of the three lists run,
without a recipe for the oracle."""


def reason(task: str) -> str | None:
    """Why a task does not fit six keys; None where it does."""
    return next((why for why, names in UNFIT.items() if task in names.split()), None)
