"""Entry point of the component provider, where ``PulumiPlugin.yaml`` makes Pulumi look for it."""

from components.host import serve

if __name__ == "__main__":
    serve()
