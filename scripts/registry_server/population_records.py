"""What the registers know: people with their families, homes and work, and enterprises. All of it is fictitious."""

from __future__ import annotations

from dataclasses import dataclass

SINGLE, MARRIED, DIVORCED = "未婚", "已婚", "离婚"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One row of the population register; dates as 2026-01-31, absent ones as empty text."""

    id_number: str
    name: str
    gender: str
    birth_date: str
    ethnicity: str
    region: str
    address: str
    household_number: str
    head_of_household: str
    marital_status: str
    spouse_id_number: str = ""
    spouse_name: str = ""
    married_on: str = ""
    mother_name: str = ""
    father_name: str = ""
    died_on: str = ""
    employer_code: str = ""
    well_known: str = ""
    """Why the person is among the samples; empty for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One row of the real estate register."""

    property_number: str
    owner_id_number: str
    location: str
    area: str
    land_use: str
    registered_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """One row of the registers of enterprises and of other legal persons."""

    credit_code: str
    enterprise_name: str
    legal_representative: str
    registered_capital: str
    established_on: str
    business_scope: str
    domicile: str
    cancelled_on: str = ""
    well_known: str = ""


@dataclass(frozen=True, slots=True)
class Population:
    """Everything that is generated."""

    people: tuple[Person, ...]
    properties: tuple[Property, ...]
    enterprises: tuple[Enterprise, ...]
