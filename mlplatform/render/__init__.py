"""Write a resource graph in other forms: Kubernetes objects and their YAML files."""

from mlplatform.render.errors import RenderError
from mlplatform.render.files import Written, write
from mlplatform.render.kubernetes import HelmRelease, KubernetesObject, Rendered, objects, render

__all__ = [
    "HelmRelease",
    "KubernetesObject",
    "RenderError",
    "Rendered",
    "Written",
    "objects",
    "render",
    "write",
]
