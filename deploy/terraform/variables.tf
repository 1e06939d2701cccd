variable "region" {
  description = "Region of the function and of the project that it audits, such as eu-west-101."
  type        = string
}

variable "bucket" {
  description = "The OBS bucket that reports go to; it must exist in this region."
  type        = string
}

variable "prefix" {
  description = "Where in the bucket reports go: a folder, without slashes at its ends."
  type        = string
  default     = "cbr-audit"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", var.prefix))
    error_message = "A prefix has letters, digits and . _ - / only, and no slash at its ends."
  }
}

variable "name" {
  description = "Name of the function, and the beginning of the names of its agency and policies."
  type        = string
  default     = "cbr-audit"
}

variable "zip" {
  description = "The zip of the function, as `make zip` builds it."
  type        = string
  default     = "../../build/cbr-audit.zip"
}

variable "schedule" {
  description = "When to audit: a zone, then second minute hour day month weekday."
  type        = string
  default     = "CRON_TZ=UTC 0 30 4 * * ?"
}

variable "user_event" {
  description = "What the timer asks for: JSON with the keys of an event (docs/invoke.md), or a note in plain words."
  type        = string
  default     = ""
}

variable "fleet_file" {
  description = "Path of the fleet file, to audit many accounts, regions and projects (docs/fleet.md); none unless told."
  type        = string
  default     = ""
}

variable "roll_up_schedule" {
  description = "When to roll a fleet up, once its time has ended: after the schedule and the minutes of the fleet file's limits."
  type        = string
  default     = "CRON_TZ=UTC 0 45 6 * * ?"
}

variable "instances" {
  description = "How many targets of a fleet are audited at once; an account has 100 concurrent executions unless it was given more."
  type        = number
  default     = 100
}

variable "memory_mb" {
  description = "Memory of the function; the CPU grows with it."
  type        = number
  default     = 512
}

variable "timeout_seconds" {
  description = "Time for one audit; it stops reading in time and says so."
  type        = number
  default     = 900
}

variable "retries" {
  description = "How often FunctionGraph starts a failed audit again: 0 to 3."
  type        = number
  default     = 1
}

variable "failure_topic" {
  description = "URN of the SMN topic that hears of every audit that failed or was incomplete; none unless told."
  type        = string
  default     = ""
}

variable "change_topic" {
  description = "URN of the SMN topic that people are told through when the conclusion or the problems change; none unless told."
  type        = string
  default     = ""
}

variable "kms_key_id" {
  description = "Id of the KMS key that encrypts what is stored; none unless told."
  type        = string
  default     = ""
}

variable "signing_kms_key_id" {
  description = "Id of the KMS key (EC_P256, SIGN_VERIFY) that signs the digest of every run; none unless told."
  type        = string
  default     = ""
}

variable "lock_days" {
  description = "Days in which nobody can change or remove what is stored (WORM); 0 for none."
  type        = number
  default     = 0
}

variable "extra_lists" {
  description = "Whether the function may read the lists that controls need which only some profiles select: CBR-207, CBR-407 and CBR-505."
  type        = bool
  default     = false
}

variable "traces" {
  description = "Whether the function may read the traces of Cloud Trace Service, so that findings name who did something; with watch, it may."
  type        = bool
  default     = false
}

variable "watch" {
  description = "Whether a change that takes backups or protection away starts a small audit at once, through Cloud Trace Service."
  type        = bool
  default     = false
}

variable "watched_trail" {
  description = "What else starts it: operations that blind the watch. Their names are inferred; leave out what CTS does not know."
  type        = list(string)
  default = [
    "CTS:tracker:deleteTracker;updateTracker",
    "CTS:notification:deleteNotification;updateNotification",
    "FunctionGraph:Functions:deleteFunction;deleteTrigger",
  ]
}

variable "http_callers" {
  description = "Ids of the APIs of API Gateway whose requests the function answers (docs/invoke.md); none unless told."
  type        = list(string)
  default     = []
}

variable "alarms" {
  description = "Whether to set up alarms on the function's log, which then goes to a log group of its own."
  type        = bool
  default     = false
}

variable "alarm_action_rule" {
  description = "Name of the alarm action rule of LTS that tells people of these alarms; they only show in the console unless told."
  type        = string
  default     = ""
}

variable "alarm_hour" {
  description = "Hour of day at which to look for an audit in the last 24 hours: far from the schedule, for the zone is not documented."
  type        = number
  default     = 9
}

variable "settings" {
  description = "Further settings by name, such as CBR_AUDIT_PROFILE."
  type        = map(string)
  default     = {}
}

variable "secret_settings" {
  description = "Settings that are secrets, kept encrypted: CBR_AUDIT_PROXY, CBR_AUDIT_WEBHOOK_URL, CBR_AUDIT_WEBHOOK_SECRET, CBR_AUDIT_PING_URL, CBR_AUDIT_EXTERNAL_ID."
  type        = map(string)
  default     = {}
  sensitive   = true
}
