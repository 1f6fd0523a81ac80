"""The services really run: what the other tests stand on."""

from __future__ import annotations

import neo4j
import obstore
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.simulators.buckets import seen_from_outside


@pytest.mark.services("neo4j")
async def test_neo4j_answers_a_statement(neo4j_uri: str) -> None:
    async with neo4j.AsyncGraphDatabase.driver(neo4j_uri) as driver:
        records, _, _ = await driver.execute_query("RETURN '宁波' AS city")
    assert [record["city"] for record in records] == ["宁波"]


@pytest.mark.services("kafka")
async def test_kafka_keeps_what_an_idempotent_producer_sends(kafka_bootstrap: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, enable_idempotence=True) as producer:
        await producer.send_and_wait("house", b"value", key=b"330203")
    consumer = AIOKafkaConsumer("house", bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    async with consumer:
        message = await consumer.getone()
    assert (message.key, message.value) == (b"330203", b"value")


@pytest.mark.services("s3")
async def test_the_s3_server_keeps_an_object_of_whom_the_bucket_belongs_to(s3_endpoint: str) -> None:
    bucket = seen_from_outside(s3_endpoint, "house")
    await obstore.put_async(bucket, "value", b"330203")
    assert bytes(await (await obstore.get_async(bucket, "value")).bytes_async()) == b"330203"
