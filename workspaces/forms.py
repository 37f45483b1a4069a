"""One look for all forms: Tabler's classes are put on while rendering, so that forms stay free of presentation."""

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest

CLASSES = {  # the last part of a widget's template name → its class; everything else is a text control
    "select": "form-select",
    "checkbox": "form-check-input",
    "radio": "form-check-input",
    "checkbox_option": "form-check-input",
    "radio_option": "form-check-input",
    "checkbox_select": "form-choices",
    "color": "form-control form-control-color",
    "hidden": "",
    "multiple_hidden": "",
    "splitdatetime": "",
    "multiwidget": "",
}


class TablerRenderer(TemplatesSetting):
    """Renders forms from templates/forms and marks every control for Tabler, red where it has an error."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if widget := context.get("widget"):
            self._dress(widget, template_name)
        return super().render(template_name, context, request)

    def _dress(self, widget: dict[str, Any], template_name: str) -> None:
        kind = template_name.rsplit("/", 1)[-1].removesuffix(".html")
        attrs = widget["attrs"]
        invalid = "is-invalid" if attrs.get("aria-invalid") == "true" else ""
        classes = [attrs.get("class", ""), CLASSES.get(kind, "form-control"), invalid]
        attrs["class"] = " ".join(filter(None, classes))
        if not attrs["class"]:
            del attrs["class"]
