// The record of a session as the Go nodes read and write it: one JSON object with their spelling of
// the member names. Decides the bytes; reading is done inside Redis (scripts.cpp).
#pragma once
#include <sara/sara.h>

#include <string>

namespace sara::store_redis {

// [any] boot_ms: when this process started; tells its records from those that a dead predecessor
// left.
std::string sessionRecord(const sara_presence& presence, uint64_t boot_ms);
// [any] How every record of that process ends.
std::string recordTail(uint64_t boot_ms);

}  // namespace sara::store_redis
