// Keys and values of the database. Every value carries a checksum over its own bytes and its key,
// so a record that was damaged, or came to stand under another key, is refused instead of served.
//
//   q/<user>\0<seq:8>  check:4 | expires_ms:8 | id_len:1 | from_len:2 | id | from | packet
//   w/<user>           check:4 | number:8      all packets up to this seq are gone; there for every
//   user with
//                                            a backlog, so its absence means: nothing waits
//   m/schema, m/seq    check:4 | number:8      layout 2; no seq at or above this one was given out
//
// check: the low half of XXH64 over the value behind it, seeded with XXH64 of the key (layout 1 had
// a CRC-32 there). Integers are big-endian, so that the order of keys is the order of arrival.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::store_embedded {

inline constexpr size_t kUserBytesMax = 1024;
inline constexpr size_t kIdBytesMax = 255;
inline constexpr size_t kFromBytesMax = 1024;
// Out of reach of the counter: a higher one is damage.
inline constexpr uint64_t kSeqMax = UINT64_MAX / 2;
inline constexpr uint64_t kSchema = 2;
inline constexpr std::string_view kSchemaKey = "m/schema";
inline constexpr std::string_view kSeqKey = "m/seq";
inline constexpr std::string_view kQueuePrefix = "q/";
inline constexpr std::string_view kMarkPrefix = "w/";

struct Record {
    uint64_t expires_ms = 0;
    std::string_view id;
    std::string_view from;
    std::string_view packet;
};

// A user that can be part of a key: 1..kUserBytesMax bytes without NUL.
bool validUser(std::string_view user);

void queueKey(std::string_view user, uint64_t seq, std::string* out);
void markKey(std::string_view user, std::string* out);
// False when key is not a well-formed queue key. *user points into key.
[[nodiscard]] bool splitQueueKey(std::string_view key, std::string_view* user, uint64_t* seq);

void encodeRecord(std::string_view key, const Record& record, std::string* out);
// False: damaged. The views of *record point into value.
[[nodiscard]] bool decodeRecord(std::string_view key, std::string_view value, Record* record);
// Expiry without a look at the checksum; 0 when value is too short.
uint64_t peekExpiry(std::string_view value);

// The number without a look at the checksum; 0 when value has not its size.
uint64_t peekNumber(std::string_view value);
void encodeNumber(std::string_view key, uint64_t number, std::string* out);
[[nodiscard]] bool decodeNumber(std::string_view key, std::string_view value, uint64_t* number);

}  // namespace sara::store_embedded
