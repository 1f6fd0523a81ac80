"""Publishes the sample catalogue as the justice bureau would, under seals: all through the hub's own interface."""

from __future__ import annotations

import httpx
from rich.console import Console

from hub.actors import Post
from hub.entry import remote
from scripts.demonstration.city import City
from scripts.demonstration.seal_making import register_seals
from scripts.sample_catalogue import TITLE

AUTHORITY = "NB-SF"
"""The justice bureau, which publishes the catalogue (Art. 5)."""


def publish_once(city: City, out: Console) -> None:
    """Bring the seals to life, import and publish the sample, unless it was done already."""
    with out.status("启用示例印章并授权 bringing the seals to life and granting them"):
        register_seals(city)
    if httpx.get(f"{city.url}/health/ready", trust_env=False).is_success:
        return
    token = city.token("catalogue-1", AUTHORITY, Post.CATALOGUE_AUTHORITY)
    with out.status("导入并公布示例目录 importing and publishing the sample catalogue"):
        remote.import_catalogue(out, city.url, token, city.place.sample / "sample.xlsx", TITLE)
        remote.publish_catalogue(out, city.url, token, None)
