"""An item (事项) of the taxonomy as the reader needs it: ids and names. Reading the taxonomy file is not done here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One matter the street handles, with the names of the groups it belongs to."""

    id: str
    name: str
    subcategory: str
    subcategory_name: str
    category: str
    category_name: str
