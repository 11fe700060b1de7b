"""The closed list of categories; a new one is added here, so that the catalog's page does not fall apart."""

from __future__ import annotations

from typing import Literal

Category = Literal[
    "3d-printing", "accounting", "advertising", "alm", "analytics", "banking", "bibliography", "blogging", "bookmarks",
    "books", "bpm", "brokerage", "business-network", "career", "cloud", "cms", "community", "crafts", "crm", "curation",
    "dam", "design", "developer", "ecommerce", "ecommerce-data", "education", "email-marketing", "energy", "erp",
    "events", "federated", "feedback", "finance", "fitness", "food", "games", "geocaching", "git-hosting", "health",
    "hobby", "home-automation", "hosting", "household", "icons", "infrastructure", "invoicing", "issue-tracker", "jobs",
    "knowledge", "local", "location", "maps", "marketplace", "microblog", "music", "notes", "outdoor", "payments",
    "photos", "portal", "productivity", "project-management", "property-management", "reading", "real-estate",
    "research", "self-hosted", "smart-meter", "social", "sports", "standard", "storage", "surveys", "testing", "travel",
    "video", "wiki",
]  # fmt: skip
