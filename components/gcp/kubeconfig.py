"""How the API server is reached: a kubeconfig, as text."""

import json
from typing import Final

PLUGIN: Final = "gke-gcloud-auth-plugin"
"""Program that gets a token for the API server; it comes with the Google Cloud CLI."""


def kubeconfig(cluster_name: str, endpoint: str) -> str:
    """Return a kubeconfig, in JSON, whose one context ``cluster_name`` is the cluster behind the DNS ``endpoint``.

    A DNS endpoint has a certificate that every machine trusts, so none is in it. Nor is a credential: whoever uses it
    is who the application default credentials say, as for everything else that is made in Google Cloud.
    """
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": PLUGIN,
            "args": ["--use_application_default_credentials"],
            "installHint": f"Install {PLUGIN}: gcloud components install {PLUGIN}",
            "interactiveMode": "Never",
            "provideClusterInfo": True,
        }
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": {"server": f"https://{endpoint}"}}],
        "users": [{"name": cluster_name, "user": user}],
        "contexts": [{"name": cluster_name, "context": {"cluster": cluster_name, "user": cluster_name}}],
        "current-context": cluster_name,
    }
    return json.dumps(config, sort_keys=True)
