import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random


class Team(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("mlplatform:index:Team", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(f"{name}-namespace", metadata={"name": f"team-{name}"}, opts=child)
        self.namespace = namespace.metadata.name
        self.register_outputs({"namespace": self.namespace})


team = Team("churn")
password = random.RandomPassword("db", length=20)
k8s.core.v1.Secret("db", metadata={"namespace": team.namespace}, string_data={"password": password.result})
config = k8s.core.v1.ConfigMap("settings", metadata={"namespace": team.namespace}, data={"a": "1"})
config.id.apply(lambda identity: k8s.core.v1.ConfigMap("derived", data={"id": identity}))
pulumi.export("password", password.result)
pulumi.export("uid", config.metadata.uid)
