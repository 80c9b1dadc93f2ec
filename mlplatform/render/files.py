"""One YAML file for each object of a graph, secrets never in plain text."""

import json
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import yaml

from mlplatform.errors import UserError
from mlplatform.graph.markers import Plain
from mlplatform.graph.model import ResourceGraph
from mlplatform.render.kubernetes import HelmRelease, KubernetesObject, render

MANIFEST: Final = ".mlplatform-render"
"""File that says that a directory was made here, and lists what it holds; by its name, kubectl passes over it."""

RELEASES: Final = "releases"
"""Directory of chart values, apart from the objects so that ``kubectl apply -f`` reads objects only."""


@dataclass(frozen=True)
class Written:
    """What was written: files below ``directory``, and how many objects there are of each kind."""

    directory: Path
    files: tuple[str, ...]
    kinds: dict[str, int]

    def summary(self) -> str:
        """Say it in one line."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        return f"{len(self.files)} files in {self.directory}: {kinds}" if kinds else f"no files in {self.directory}"


def write(graph: ResourceGraph, out: Path) -> Written:
    """Write the graph's Kubernetes objects to ``out``, in place of what an earlier call wrote there.

    The names of the files sort in the order in which the objects are applied. Values of Secrets, and every other value
    that the program marks secret, are replaced by a placeholder. Values for Helm releases go to ``releases/``.

    Raises ``RenderError`` where the graph cannot be rendered, and ``UserError`` where ``out`` is a file or holds
    anything that was not made here; then nothing is changed.
    """
    out = out.absolute()
    rendered = render(graph)
    texts = {**_named({each.urn: each for each in rendered.objects}), **_release_files(rendered.releases)}
    _refuse_foreign(out)
    _replace(out, texts)
    kinds = Counter(each.kind for each in rendered.objects)
    kinds.update({"Release": len(rendered.releases)} if rendered.releases else {})
    return Written(out, tuple(sorted(texts)), dict(sorted(kinds.items())))


def file_name(each: KubernetesObject) -> str:
    """Return the object's file name, such as ``050-role-team-churn-viewer.yaml``."""
    parts = [f"{each.number:03d}", each.kind.lower(), *filter(None, [each.namespace]), each.name]
    return "-".join(parts).replace(":", "_").replace("/", "_") + ".yaml"


def _named(objects: dict[str, KubernetesObject]) -> dict[str, str]:
    uses = Counter(file_name(each) for each in objects.values())
    texts = {}
    for urn, each in objects.items():
        name = file_name(each)
        if uses[name] > 1:
            name = f"{name.removesuffix('.yaml')}-{sha256(urn.encode()).hexdigest()[:8]}.yaml"
        texts[name] = _object_text(each)
    return texts


def _object_text(each: KubernetesObject) -> str:
    header = []
    if each.secret_paths:
        header.append("Secret values are left out of this file; a deployment fills them in:")
        header += [f"  {path}" for path in each.secret_paths]
        if each.secret_sources:
            header.append("They come from:")
            header += [f"  {urn}" for urn in each.secret_sources]
    return _commented(header, each.masked)


def _release_files(releases: tuple[HelmRelease, ...]) -> dict[str, str]:
    texts = {}
    for each in releases:
        source = f" from {each.repository}" if each.repository else ""
        header = [
            f"Values of the Helm release {each.name} in namespace {each.namespace}:",
            f"chart {each.chart}{source}, version {each.version or 'not pinned'}.",
            "The chart's own objects are not in this directory.",
        ]
        values = each.masked.get("values", {})
        texts[f"{RELEASES}/{each.number:03d}-release-{each.namespace}-{each.name}.yaml"] = _commented(header, values)
    return texts


def _commented(header: list[str], value: Plain) -> str:
    body = yaml.safe_dump(value, sort_keys=True, default_flow_style=False, allow_unicode=True, width=120)
    return "".join(f"# {line}\n" for line in header) + body


def _refuse_foreign(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UserError(f"{out}: is not a directory", "name a new directory with --out")
    if not out.exists() or not any(out.iterdir()):
        return
    try:
        ours = set(json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"]) | {MANIFEST}
    except FileNotFoundError:
        raise UserError(
            f"{out}: holds files that were not made by render", "name a new or an empty directory with --out"
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{out / MANIFEST}: is damaged", f"remove {out} and render again") from None
    present = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    if foreign := sorted(present - ours):
        raise UserError(
            f"{out}: holds files that were not made by render: {', '.join(foreign)}",
            "move them away, or name another directory with --out",
        )


def _replace(out: Path, texts: dict[str, str]) -> None:
    """Write beside ``out`` and swap, so that no reader ever sees a part of it."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise UserError(f"{out}: cannot be made: {error.strerror}", "name another directory with --out") from error
    try:
        new, old = beside / "new", beside / "old"
        for name, text in texts.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        new.mkdir(exist_ok=True)
        (new / MANIFEST).write_text(json.dumps({"files": sorted(texts)}, indent=1) + "\n", encoding="utf-8")
        if out.exists():
            out.rename(old)
        new.rename(out)
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {os.strerror(error.errno or 0)}") from error
    finally:
        if (beside / "old").exists() and not out.exists():
            (beside / "old").rename(out)
        shutil.rmtree(beside, ignore_errors=True)
