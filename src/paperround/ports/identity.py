"""How subscribers, deliveries, rounds and workers are told apart."""

from typing import NewType

SubscriberId = NewType("SubscriberId", int)
DeliveryId = NewType("DeliveryId", int)
RoundId = NewType("RoundId", int)
WorkerId = NewType("WorkerId", str)
RequestId = NewType("RequestId", int)
AlarmId = NewType("AlarmId", int)
