"""六不办: the reasons for which a street may refuse a matter. How each is told, and where it belongs, is in the texts.

A reason not on the list is written by hand; every refusal can be appealed to the desk.
"""

from __future__ import annotations

REASONS = (
    "outside",
    "repeated",
    "mistaken",
    "court",
    "petitioned",
    "discipline",
    "unlawful",
    "private",
    "emergency",
)
"""Not the street's; already open; no matter at all; before a court or arbitrator; with the petition office; for the
discipline inspectors or secret; asks for something unlawful; a bargain between private people; for 110, 119 or 120."""
