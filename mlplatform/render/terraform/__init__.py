"""Write a resource graph as a Terraform plan, for the many tools that read those."""

from mlplatform.render.terraform.plan import Plan, plan

__all__ = ["Plan", "plan"]
