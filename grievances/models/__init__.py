"""The case's tables, one module per noun."""

from grievances.models.attachments import Attachment
from grievances.models.categories import Category, Reason
from grievances.models.changes import MeasuredChange
from grievances.models.exports import Export, ExportState
from grievances.models.grievances import Grievance, NumberBase
from grievances.models.handling import Assignment, Escalation, Extension, Feedback, Suspension
from grievances.models.joining import Joining
from grievances.models.limits import Ladder, LadderRung, StageLimit
from grievances.models.pool import Cluster, ClusterCase, ClusterEvent, PoolRun
from grievances.models.publications import Publication, PublicationPhoto
from grievances.models.replies import ReplyTemplate
from grievances.models.saved import SavedFilter
from grievances.models.suggestions import LearntCategories
from grievances.models.timeline import GrievanceEvent
from grievances.models.voices import VoiceNote
from grievances.models.whistles import Whistle, WhistleCall

__all__ = [
    "Assignment",
    "Attachment",
    "Category",
    "Cluster",
    "ClusterCase",
    "ClusterEvent",
    "Escalation",
    "Export",
    "ExportState",
    "Extension",
    "Feedback",
    "Grievance",
    "GrievanceEvent",
    "Joining",
    "Ladder",
    "LadderRung",
    "LearntCategories",
    "MeasuredChange",
    "NumberBase",
    "PoolRun",
    "Publication",
    "PublicationPhoto",
    "Reason",
    "ReplyTemplate",
    "SavedFilter",
    "StageLimit",
    "Suspension",
    "VoiceNote",
    "Whistle",
    "WhistleCall",
]
