"""Every version that the platform pins: one place, each with the marker that the update bot reads.

A pin is a string with a leading ``v``, as its project tags its releases. The line above each one tells the bot where
to look for a newer one; `renovate.json` has the pattern. Pins without a marker are renewed by hand.
"""

from typing import Final

# renovate: datasource=github-releases depName=kubernetes/kubernetes
KUBERNETES: Final = "v1.36.3"

# renovate: datasource=github-releases depName=etcd-io/etcd
ETCD: Final = "v3.6.16"

# renovate: datasource=github-releases depName=kubernetes-sigs/kwok
KWOK: Final = "v0.8.0"

# renovate: datasource=github-releases depName=kubernetes-sigs/karpenter
KARPENTER: Final = "v1.14.1"

# renovate: datasource=github-releases depName=helm/helm
HELM: Final = "v3.22.0"

# renovate: datasource=aws-eks-addon depName={"addonName":"vpc-cni"}
EKS_VPC_CNI: Final = "v1.23.1-eksbuild.1"

# renovate: datasource=aws-eks-addon depName={"addonName":"eks-pod-identity-agent"}
EKS_POD_IDENTITY_AGENT: Final = "v1.3.10-eksbuild.3"

# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.34","addonName":"kube-proxy"}
EKS_KUBE_PROXY_1_34: Final = "v1.34.6-eksbuild.25"

# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"kube-proxy"}
EKS_KUBE_PROXY_1_35: Final = "v1.35.3-eksbuild.29"

# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"kube-proxy"}
EKS_KUBE_PROXY_1_36: Final = "v1.36.0-eksbuild.25"

# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.34","addonName":"coredns"}
EKS_COREDNS_1_34: Final = "v1.13.2-eksbuild.24"

# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"coredns"}
EKS_COREDNS_1_35: Final = "v1.14.3-eksbuild.22"

# renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"coredns"}
EKS_COREDNS_1_36: Final = "v1.14.3-eksbuild.23"

# renovate: datasource=aws-eks-addon depName={"addonName":"aws-ebs-csi-driver"}
EKS_EBS_CSI: Final = "v1.66.0-eksbuild.1"

# renovate: datasource=aws-eks-addon depName={"addonName":"aws-efs-csi-driver"}
EKS_EFS_CSI: Final = "v3.4.1-eksbuild.1"

# renovate: datasource=aws-eks-addon depName={"addonName":"metrics-server"}
EKS_METRICS_SERVER: Final = "v0.9.0-eksbuild.11"

# renovate: datasource=aws-eks-addon depName={"addonName":"snapshot-controller"}
EKS_SNAPSHOT_CONTROLLER: Final = "v8.6.0-eksbuild.8"

# renovate: datasource=github-releases depName=awslabs/amazon-eks-ami
EKS_NODE_IMAGE: Final = "v20260714"

# renovate: datasource=github-releases depName=aws/karpenter-provider-aws
KARPENTER_AWS: Final = "v1.14.1"

# renovate: datasource=docker depName=registry.k8s.io/pause
PAUSE: Final = "v3.10.1@sha256:278fb9dbcca9518083ad1e11276933a2e96f23de604a3a08cc3c80002767d24c"

# renovate: datasource=github-releases depName=NVIDIA/k8s-device-plugin
NVIDIA_DEVICE_PLUGIN: Final = "v0.20.0"

# renovate: datasource=helm depName=fluent-bit registryUrl=https://fluent.github.io/helm-charts
FLUENT_BIT: Final = "v0.58.2"

# renovate: datasource=helm depName=dcgm-exporter registryUrl=https://nvidia.github.io/dcgm-exporter/helm-charts
DCGM_EXPORTER: Final = "v4.8.2"

# The major version on every cloud: managed databases take its minor ones by themselves, in their maintenance window.
# The newest that Amazon RDS, which is the last to have one, and Airflow are both made for.
# renovate: datasource=endoflife-date depName=amazon-rds-postgresql
POSTGRESQL: Final = "v18"

# Of the versions that Amazon MWAA offers, which are fewer than those that Airflow releases. Its documentation lists
# them, and nothing that the update bot reads.
MWAA_AIRFLOW: Final = "v3.0.6"

# Of the versions that Cloud Composer 3 offers, which are fewer than those that Airflow releases. Its documentation
# lists them, and nothing that the update bot reads.
COMPOSER_AIRFLOW: Final = "v3.1.7"
