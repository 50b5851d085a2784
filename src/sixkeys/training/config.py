"""What may be set about learning? One frozen, closed config, saved beside the weights."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sixkeys.agent.config import BrainConfig


class LearnConfig(BaseModel):
    """How weights change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rl_steps: int = Field(
        default=300_000, ge=0, description="keys pressed in stage 2, all seats together (--rl-steps)"
    )
    stage1_updates: int = Field(default=80, ge=0, description="stage 1: world-model updates from random play")
    stage2_updates: int = Field(
        default=0, ge=0, description="stage 2: A2C updates; 0: as many as rl_steps gives"
    )
    stage4_updates: int = Field(
        default=0,
        ge=0,
        description="stage 4, in place of the others: updates of a life of many regimes",
    )
    unroll: int = Field(default=8, ge=2, description="keys a seat between updates")
    learning_rate: float = Field(default=7e-4, gt=0)
    final_learning_rate: float = Field(
        default=0.1, ge=0, le=1, description="share of the rate left at the end (linear)"
    )
    clip: float = Field(default=1.0, gt=0, description="largest global norm of a gradient")
    gae_lambda: float = Field(default=0.95, ge=0, le=1)
    value_coef: float = Field(default=0.5, ge=0)
    entropy_coef: float = Field(default=0.01, ge=0)
    final_entropy: float = Field(
        default=0.1, ge=0, description="share of entropy_coef left at the end (linear)"
    )
    invalid_action_coef: float = Field(
        default=0.1, ge=0, description="weight of the KL barrier -log(valid mass)"
    )
    action_mask_dropout: float = Field(
        default=0.5, ge=0, le=1, description="share of episodes played without hints"
    )
    world_coef: float = Field(
        default=1.0, ge=0, description="weight of the world model's loss, fresh and replayed rows alike"
    )
    self_coef: float = Field(default=0.1, ge=0, description="weight of the self-model's loss")
    imitation_coef: float = Field(
        default=1.0, ge=0, description="weight of imitating one's own replayed successes"
    )
    taught_coef: float = Field(
        default=0.0,
        ge=0,
        description="weight of pressing what a teacher says; 0: there is none",
    )
    teacher: str = Field(
        default="oracle",
        pattern="^(oracle|planner)$",
        description="who teaches: the world's oracle, or goals and skills that see what the agent sees",
    )
    greedy_share: float = Field(
        default=0.0, ge=0, le=1, description="share of episodes played as greedy evaluation plays them"
    )
    novelty_coef: float = Field(
        default=0.0, ge=0, description="bonus for a patch not yet seen in the episode; falls to 0"
    )
    replay_rows: int = Field(default=16, ge=0, description="replayed sequences an update; 0 keeps no replay")
    replay_size: int = Field(default=512, ge=1, description="sequences kept, those with a success preferred")
    replay_harm: bool = Field(
        default=False, description="keep what did harm apart, so that it is foreseen when it has become rare"
    )
    past_rows: int = Field(
        default=0, ge=0, description="in a life: sequences of the past an update, out of its own memory"
    )
    clone_coef: float = Field(
        default=0.0, ge=0, description="weight of acting and judging as then, on sequences of the past"
    )
    elastic_coef: float = Field(default=0.0, ge=0, description="in a life: weight of online EWC; 0: none")
    seed: int = Field(default=0, ge=0)


class LifeConfig(BaseModel):
    """What stage 4 goes through, and how the past is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream: str = Field(default="short", description="a name of training.regimes.COURSES")
    order: int = Field(default=0, ge=0, description="order of its tasks; 0: as it stands")
    boundaries: str = Field(default="known", pattern="^(known|hidden|gradual)$")
    past_bytes: int = Field(default=16_000_000, ge=1, description="budget of the sequences of the past")
    balanced: bool = Field(
        default=True, description="a share of the past to each regime, success and failure; else a reservoir"
    )
    customs: bool = Field(
        default=False,
        description="keys in one order of the learner's own, found for each interface that says its number",
    )
    slow_rate: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share by which slow weights, which act, follow those that learn; 0: there are none",
    )
    selective: bool = Field(
        default=False,
        description="each part of the brain learns as fast as the present pulls at it against the past",
    )
    afresh: bool = Field(default=False, description="weights begin anew with each stage")
    isolated: bool = Field(
        default=False, description="weights are shut where a stage ends, a share for each stage"
    )


class PoolConfig(BaseModel):
    """Where experience comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    worlds: tuple[str, ...] = Field(
        default=("grid:grid_mixed",), min_length=1, description="world:task, one or more"
    )
    seats: tuple[int, ...] = Field(default=(16,), min_length=1, description="seats of each world")
    at_once: int = Field(
        default=0,
        ge=0,
        description="worlds drawn for each update, those that are learnt fastest more often; 0: all, always",
    )
    weights: tuple[float, ...] = Field(
        default=(), description="with at_once, how much each world counts; empty: all alike"
    )


class RunConfig(BaseModel):
    """A whole run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brain: BrainConfig = BrainConfig()
    learn: LearnConfig = LearnConfig()
    pool: PoolConfig = PoolConfig()
    life: LifeConfig = LifeConfig()
    memory: bool = Field(default=False, description="recall from episodic memory while acting")
    memory_path: str = Field(
        default="", description="recall from this file instead, which other runs share; made where it is not"
    )
    isolation: str = Field(default="auto", pattern="^(auto|bwrap|landlock|none)$")


Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], data: Mapping) -> Model:
    """`data` as a config. Raises ValueError that names an unknown setting and suggests the nearest one."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = []
        for item in error.errors():
            where = ".".join(str(part) for part in item["loc"])
            if item["type"] == "extra_forbidden":
                name = str(item["loc"][-1])
                near = difflib.get_close_matches(name, _settings(model, item["loc"][:-1]), 1)
                lines.append(f"unknown setting {where!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            else:
                lines.append(f"setting {where!r}: {item['msg']}, got {item['input']!r}")
        raise ValueError("\n".join(lines)) from error


def _settings(model: type[BaseModel], path: tuple) -> list[str]:
    for part in path:
        inner = model.model_fields[part].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return list(getattr(inner, "_fields", ()))
        model = inner
    return list(model.model_fields)
