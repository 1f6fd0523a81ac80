"""Enumerations of the seals as GraphQL enums, each value with its description."""

from __future__ import annotations

from graph_models.seal_states import SealStep
from graph_models.seals import GrantState, SealKind, SealState
from hub.seal_keys import KeyAlgorithm
from hub.seal_radar import RadarState, RadarSubject
from schema.enums import described

described(
    SealKind,
    "Which of the two dedicated seals (Art. 14).",
    INFORMATION_SHARING="The information-sharing seal (电子证明共享信息专用章).",
    INFORMATION_VERIFICATION="The information-verification seal (电子证明核实信息专用章).",
)
described(
    SealState,
    "Where a seal stands.",
    APPLIED="Applied for.",
    APPROVED="Approved, not made yet.",
    MADE="Its key is made; its certificate may still be missing.",
    ACTIVE="It seals, for units that hold a grant.",
    SUSPENDED="It seals nothing until it is resumed.",
    REVOKED="It seals nothing any more.",
    DESTROYED="Its keys are destroyed; its certificates stay recorded.",
)
described(
    SealStep,
    "What the seal authority does with a seal.",
    APPLY="Apply for it (申请).",
    APPROVE="Approve it (批准).",
    MAKE="Have its key made (制作).",
    INSTALL="Keep its issued certificate (装入证书); in a rotation the new key takes over.",
    ACTIVATE="Let it be used (启用).",
    SUSPEND="Suspend it at once (暂停); one person is enough.",
    RESUME="Let it be used again (恢复).",
    ROTATE="Have its next key made (更换密钥).",
    REVOKE="Revoke it for ever, with a reason (吊销).",
    DESTROY="Destroy its keys (销毁).",
)
described(
    GrantState,
    "Whether a grant is in force, as far as its period goes.",
    REGISTERED="It is registered.",
    REVOKED="It was revoked.",
)
described(
    KeyAlgorithm,
    "Kind of a seal's key; each signs with SHA-256.",
    P_256="ECDSA on the curve P-256.",
    RSA_2048="RSA with 2048 bits.",
    RSA_3072="RSA with 3072 bits.",
)
described(
    RadarSubject,
    "What a line of the radar is about.",
    ALGORITHM="An algorithm that seals stand on.",
    AUTHORITY="A certificate authority.",
    CERTIFICATE="The certificate of a seal's key.",
    KEY="A key of a seal.",
)
described(
    RadarState,
    "Whether something must be done.",
    GOOD="Nothing yet.",
    DUE="It is to be renewed now.",
    ENDED="It is over.",
)
