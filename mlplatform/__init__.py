"""The command line: what Pulumi does not do."""
