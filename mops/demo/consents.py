"""What the sample shop asks its visitors and customers for, as published in the sample workspace. Sample data."""

from tracking.consent import purposes
from workspaces.models import Workspace

TEXTS = {  # purpose → German, English
    "analytics": (
        "Wir messen, wie unsere Website genutzt wird, um sie zu verbessern: welche Seiten Sie öffnen, was Sie in den "
        "Warenkorb legen und woher Sie kommen. Die Einwilligung ist freiwillig und jederzeit widerrufbar.",
        "We measure how our website is used in order to improve it: which pages you open, what you put into the cart and "
        "where you come from. Agreeing is voluntary and can be withdrawn at any time.",
    ),
    "email": (
        "Alpenkiste darf mir per E-Mail Angebote und Neuigkeiten zu Ausrüstung und Bekleidung senden. Ich kann das "
        "jederzeit widerrufen, zum Beispiel über den Link in jeder E-Mail.",
        "Alpenkiste may send me offers and news about gear and clothing by e-mail. I can withdraw this at any time, for "
        "example by the link in every e-mail.",
    ),
    "ads_audience:google": (
        "Alpenkiste darf eine Prüfsumme (SHA-256) meiner E-Mail-Adresse an Google geben, um mir passende Werbung zu "
        "zeigen. Das ist freiwillig und jederzeit widerrufbar.",
        "Alpenkiste may pass a checksum (SHA-256) of my e-mail address to Google in order to show me fitting ads. This is "
        "voluntary and can be withdrawn at any time.",
    ),
    "ads_audience:meta": (
        "Alpenkiste darf eine Prüfsumme (SHA-256) meiner E-Mail-Adresse an Meta geben, um mir passende Werbung zu zeigen. "
        "Das ist freiwillig und jederzeit widerrufbar.",
        "Alpenkiste may pass a checksum (SHA-256) of my e-mail address to Meta in order to show me fitting ads. This is "
        "voluntary and can be withdrawn at any time.",
    ),
}


def create(workspace: Workspace) -> None:
    """Publish where there is no text yet: later ones are somebody's own."""
    for key, purpose in purposes.purposes_of(workspace, TEXTS).items():
        for language, text in zip(("de", "en"), TEXTS[key], strict=True):
            if purposes.current_text(purpose, language) is None:
                purposes.publish(purpose, language, text, by=None)
