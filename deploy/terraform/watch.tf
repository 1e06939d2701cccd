# What lets the function hear of changes at once (docs/deploy.md): triggers of Cloud Trace Service. Such a trigger cannot be switched off,
# only removed.

locals {
  # What takes backups or protection away: SERVICE:RESOURCE:OPERATION;OPERATION, as CTS names them.
  watched = {
    backups = [
      "CBR:vault:deleteVault;updateVault;removeResources;setResources;dissociatePolicy;disableProtect;deleteVaultBackup",
      "CBR:backup:deleteBackup",
      "CBR:policy:deletePolicy;updatePolicy",
      "CBR:organization_policy:deleteOrganizationPolicy;updateOrganizationPolicy",
    ]
    trail = var.watched_trail
  }
}

resource "huaweicloud_fgs_function_trigger" "watch" {
  for_each = { for name, operations in local.watched : name => operations if var.watch && length(operations) > 0 }

  function_urn = huaweicloud_fgs_function.audit.urn
  type         = "CTS"

  event_data = jsonencode({
    name       = "${replace(var.name, "-", "_")}_${each.key}"
    operations = each.value
  })
}
