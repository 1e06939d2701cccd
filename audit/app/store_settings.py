"""Settings of somebody who looks into a store and audits nothing."""

from typing import ClassVar

from pydantic import Field

from audit.settings import ProjectId, Settings


class StoreSettings(Settings):
    """What is needed to look into a store: no project, and no CBR."""

    needs_cbr: ClassVar[bool] = False
    project_id: ProjectId = Field("none", alias="HUAWEICLOUD_SDK_PROJECT_ID")
