terraform {
  required_version = ">= 1.3"

  required_providers {
    huaweicloud = {
      source  = "huaweicloud/huaweicloud"
      version = ">= 1.75.2" # enable_lts_log
    }
  }
}

# Credentials come from HW_ACCESS_KEY and HW_SECRET_KEY in the environment.
provider "huaweicloud" {
  region = var.region
}
