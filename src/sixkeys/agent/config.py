"""What shape has a brain? Its settings, saved beside the weights; reading them needs no JAX."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sixkeys.agent.traits import Traits


class BrainConfig(BaseModel):
    """The shape of a brain and how it plans. Saved beside the weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(default=128, ge=8, description="width of percept and scene")
    hidden: int = Field(default=128, ge=8, description="width of the belief's recurrent part")
    slots: int = Field(default=4, ge=1, description="slots of the workspace")
    senses: int = Field(default=0, ge=0, description="sense tokens an observation holds; 0 builds no reader")
    use_self: bool = Field(default=True, description="the self-model: its vector and its say in planning")
    use_workspace: bool = Field(
        default=True, description="the workspace; without it its parts are only concatenated"
    )
    use_validity: bool = Field(
        default=True, description="add the log of believed validity to the policy's logits"
    )
    use_familiar: bool = Field(
        default=False, description="see which keys were pressed in the same moment before in this episode"
    )
    use_aim: bool = Field(
        default=False, description="say which thing one is after, as a planner that teaches says it"
    )
    use_danger: bool = Field(
        default=False, description="say of each key, before it is pressed, whether it would do harm"
    )
    planning_coef: float = Field(
        default=0.0, ge=0, description="weight of imagined advice in the logits; 0 never plans"
    )
    planner: Literal["rollouts", "beam", "search"] = Field(
        default="rollouts", description="what makes the advice"
    )
    simulations: int = Field(
        default=32,
        ge=0,
        description="keys a search imagines; 0: 0, 8, 32 or 128, as the self-model expects a gain",
    )
    outcomes: int = Field(
        default=1,
        ge=1,
        description="outcomes of a key that a search tells apart; 1: the first imagined happens",
    )
    simulation_cost: float = Field(
        default=1e-3, gt=0, description="what one imagined key must win, as a share of what is at stake"
    )
    risk_limit: float = Field(
        default=0.5, ge=0, description="a search gives up riskier keys while a less risky one is open"
    )
    fears: int = Field(
        default=1, ge=1, description="draws of what an imagined key may bring; its risk is that of the worst"
    )
    horizon: int = Field(default=12, ge=1, description="keys imagined ahead")
    rollouts: int = Field(default=4, ge=1, description="imagined rollouts of each first key")
    risk_coef: float = Field(
        default=1.0, ge=0, description="penalty for imagined risk, scaled by twice the trait caution"
    )
    gamma: float = Field(default=0.97, gt=0, le=1, description="discount a key")
    traits: Traits = Traits()


ACTING = (
    "planning_coef", "planner", "simulations", "outcomes", "simulation_cost", "fears", "horizon", "rollouts",
    "risk_coef", "risk_limit",
)  # fmt: skip
"""Settings that change how a brain acts, not what it is: training never plans."""
