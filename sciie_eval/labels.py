"""Which entity and relation types a task knows, and which type signatures its relations allow."""

from __future__ import annotations

from functools import cached_property

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["EntityType", "LabelSchema", "RelationType"]


class EntityType(BaseModel):
    """One entity type: its name as it stands in the data, and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    definition: str = ""


class RelationType(BaseModel):
    """One relation type.

    Attributes:
        name: the label as it stands in the data.
        definition: what subject and object mean to each other.
        symmetric: the direction carries no meaning (used by ``symmetric="undirected"``).
        signatures: allowed (subject type, object type) pairs; empty means any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    definition: str = ""
    symmetric: bool = False
    signatures: tuple[tuple[str, str], ...] = ()


class LabelSchema(BaseModel):
    """The label inventory of a dataset, as its card gives it.

    >>> schema = LabelSchema(name="toy", entity_types=("Method", {"name": "Task"}),
    ...                      relation_types=({"name": "Used-For", "signatures": [("Method", "Task")]},))
    >>> schema.entity_names, schema.relation_names
    (('Method', 'Task'), ('Used-For',))
    >>> schema.allows("Task", "Used-For", "Method")
    False
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    entity_types: tuple[EntityType, ...] = ()
    relation_types: tuple[RelationType, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _names_may_stand_alone(cls, data: object) -> object:
        """Let a bare label name stand for a type without a definition."""
        if not isinstance(data, dict):
            return data
        return {
            key: [{"name": item} if isinstance(item, str) else item for item in value]
            if key in ("entity_types", "relation_types") and isinstance(value, list | tuple)
            else value
            for key, value in data.items()
        }

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> LabelSchema:
        for field in ("entity_types", "relation_types"):
            names = [item.name for item in getattr(self, field)]
            if len(set(names)) != len(names):
                raise ValueError(f"{field}: a label is listed twice: {sorted(names)}")
        known = {entity.name for entity in self.entity_types}
        for relation in self.relation_types:
            unknown = {name for pair in relation.signatures for name in pair} - known
            if unknown:
                raise ValueError(
                    f"relation_types: signature of {relation.name} names unknown entity types {sorted(unknown)}"
                )
        return self

    @cached_property
    def entity_names(self) -> tuple[str, ...]:
        """Names of the entity types, in the card's order."""
        return tuple(entity.name for entity in self.entity_types)

    @cached_property
    def relation_names(self) -> tuple[str, ...]:
        """Names of the relation types, in the card's order."""
        return tuple(relation.name for relation in self.relation_types)

    @cached_property
    def entity_name_set(self) -> frozenset[str]:
        """The entity type names, for look-ups."""
        return frozenset(self.entity_names)

    @cached_property
    def relation_name_set(self) -> frozenset[str]:
        """The relation type names, for look-ups."""
        return frozenset(self.relation_names)

    @cached_property
    def symmetric_relations(self) -> frozenset[str]:
        """Relation types whose direction carries no meaning."""
        return frozenset(relation.name for relation in self.relation_types if relation.symmetric)

    @cached_property
    def _signatures(self) -> dict[str, frozenset[tuple[str, str]]]:
        return {relation.name: frozenset(relation.signatures) for relation in self.relation_types}

    def allows(self, subject_type: str, relation: str, object_type: str) -> bool:
        """Whether the card allows ``relation`` between these types (an unknown relation is never allowed)."""
        signatures = self._signatures.get(relation)
        return signatures is not None and (not signatures or (subject_type, object_type) in signatures)
