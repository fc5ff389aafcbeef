"""Writes project_template/design_doc.docx anew from design_doc.md: ``python tools/project_docx.py``."""

from __future__ import annotations

from pathlib import Path

from coursekit.classroom.project.docx_writing import write_docx

TEMPLATE = Path(__file__).parents[1] / "project_template"


def main() -> None:
    """Write the template for Google Docs."""
    out = write_docx(TEMPLATE / "design_doc.md", TEMPLATE / "design_doc.docx")
    print(f"{out.relative_to(TEMPLATE.parent)}: {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
