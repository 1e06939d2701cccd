output "function_urn" {
  description = "The function, for `cbr-audit invoke --function`."
  value       = huaweicloud_fgs_function.audit.urn
}

output "store" {
  description = "Where reports go, for `cbr-audit show`."
  value       = local.settings.CBR_AUDIT_STORE
}

output "agency" {
  description = "Who the function is."
  value       = huaweicloud_identity_agency.function.name
}
