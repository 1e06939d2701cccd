"""What it takes to run the function in the cloud: the zip, the permissions, Terraform."""
