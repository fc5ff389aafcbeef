"""Getting hold of data: tables that install with the course."""

from coursekit.data.collecting.flights import FlightTables, load_flights

__all__ = ["FlightTables", "load_flights"]
