sara_fuzz(envelope envelope.cpp LINK sara_chat simdjson::simdjson)
