"""The configuration of the documentation's site: ``make docs`` builds it into ``docs/_build/site``.

The pages are the Markdown files beside this one, which are readable in a repository browser as well. The extensions in
``_ext`` make further pages of the code.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import django
from cryptography.fernet import Fernet
from django.conf import settings

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = PROJECT["name"]
author = copyright = "the oauth1-catalog authors"  # noqa: A001 - the name that Sphinx reads
version = release = PROJECT["version"]
language = "en"
smartquotes = False  # it makes a dash of the two hyphens of an option

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_llm.txt",
    "alternative_texts",
    "markdown_nodes",
    "provider_pages",
    "public_types",
    "reference_pages",
    "repository_links",
    "signatures",
]
root_doc = "index"
# README.md is the list of pages for a repository browser; index.md is the start page of the site.
exclude_patterns = ["_build", "_ext", "_templates", "README.md", "examples/*/site_with_twitter"]
nitpicky = True
suppress_warnings = [
    "ref.python",  # an annotation's bare `OAuth2Token` is also a model of Django
]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
python_maximum_signature_line_length = 88
python_display_short_literal_types = True
add_module_names = False

# Models and settings of Django are read when the modules are imported.
if not settings.configured:
    settings.configure(
        SECRET_KEY="the documentation signs nothing",
        INSTALLED_APPS=["oauth1_catalog.integrations.django_tokens"],
        OAUTH1_CATALOG_TOKEN_KEYS=Fernet.generate_key().decode(),
        USE_TZ=True,
    )
    django.setup()

html_theme = "furo"
html_baseurl = PROJECT["urls"]["Documentation"]
html_title = f"{project} {version}"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_js_files = ["site.js"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_copy_source = False
html_show_sourcelink = False
html_use_index = True
html_theme_options = {"top_of_page_buttons": []}

copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = False
copybutton_remove_prompts = True

llms_txt_description = PROJECT["description"]
llms_txt_full_build = True
llms_txt_build_parallel = False  # it then uses the pages that are read already
