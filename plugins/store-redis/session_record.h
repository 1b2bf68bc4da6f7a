// The record of a session as the Go nodes read and write it: one JSON object with their spelling of
// the member names. Decides the bytes; reading is done inside Redis (scripts.cpp).
#pragma once
#include <sara/sara.h>

#include <string>

namespace sara::store_redis {

// [any]
std::string sessionRecord(const sara_presence& presence);

}  // namespace sara::store_redis
