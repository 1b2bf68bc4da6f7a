#include "store-embedded/record.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sara::store_embedded {
namespace {

constexpr size_t kCheckBytes = 4;
constexpr size_t kHeaderBytes = kCheckBytes + 8 + 1 + 2;
constexpr size_t kNumberBytes = kCheckBytes + 8;

void putBig(char* to, uint64_t v, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<char>(v >> (8 * (bytes - 1 - i)));
}

uint64_t getBig(const char* from, size_t bytes) {
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; ++i) v = v << 8 | static_cast<uint8_t>(from[i]);
    return v;
}

uint32_t checksum(std::string_view key, const char* data, size_t len) {
    return static_cast<uint32_t>(XXH64(data, len, XXH64(key.data(), key.size(), 0)));
}

}  // namespace

bool validUser(std::string_view user) {
    return !user.empty() && user.size() <= kUserBytesMax &&
           user.find('\0') == std::string_view::npos;
}

void queueKey(std::string_view user, uint64_t seq, std::string* out) {
    char tail[9] = {0};
    putBig(tail + 1, seq, 8);
    out->assign(kQueuePrefix).append(user).append(tail, sizeof tail);
}

void markKey(std::string_view user, std::string* out) { out->assign(kMarkPrefix).append(user); }

bool splitQueueKey(std::string_view key, std::string_view* user, uint64_t* seq) {
    if (key.substr(0, kQueuePrefix.size()) != kQueuePrefix) return false;
    if (key.size() < kQueuePrefix.size() + 1 + 9) return false;
    const size_t nul = key.size() - 9;
    if (key[nul] != '\0') return false;
    *user = key.substr(kQueuePrefix.size(), nul - kQueuePrefix.size());
    *seq = getBig(key.data() + nul + 1, 8);
    return *seq <= kSeqMax && validUser(*user);
}

void encodeRecord(std::string_view key, const Record& record, std::string* out) {
    out->resize(kHeaderBytes);
    out->reserve(kHeaderBytes + record.id.size() + record.from.size() + record.packet.size());
    putBig(out->data() + 4, record.expires_ms, 8);
    putBig(out->data() + 12, record.id.size(), 1);
    putBig(out->data() + 13, record.from.size(), 2);
    out->append(record.id).append(record.from).append(record.packet);
    putBig(out->data(), checksum(key, out->data() + kCheckBytes, out->size() - kCheckBytes),
           kCheckBytes);
}

bool decodeRecord(std::string_view key, std::string_view value, Record* record) {
    if (value.size() < kHeaderBytes) return false;
    const uint64_t check = getBig(value.data(), kCheckBytes);
    if (check != checksum(key, value.data() + kCheckBytes, value.size() - kCheckBytes))
        return false;
    const size_t id_len = getBig(value.data() + 12, 1);
    const size_t from_len = getBig(value.data() + 13, 2);
    if (value.size() - kHeaderBytes < id_len + from_len) return false;
    record->expires_ms = getBig(value.data() + 4, 8);
    record->id = value.substr(kHeaderBytes, id_len);
    record->from = value.substr(kHeaderBytes + id_len, from_len);
    record->packet = value.substr(kHeaderBytes + id_len + from_len);
    return true;
}

uint64_t peekExpiry(std::string_view value) {
    return value.size() < kHeaderBytes ? 0 : getBig(value.data() + 4, 8);
}

void encodeNumber(std::string_view key, uint64_t number, std::string* out) {
    out->resize(kNumberBytes);
    putBig(out->data() + kCheckBytes, number, 8);
    putBig(out->data(), checksum(key, out->data() + kCheckBytes, 8), kCheckBytes);
}

uint64_t peekNumber(std::string_view value) {
    return value.size() != kNumberBytes ? 0 : getBig(value.data() + kCheckBytes, 8);
}

bool decodeNumber(std::string_view key, std::string_view value, uint64_t* number) {
    if (value.size() != kNumberBytes) return false;
    if (getBig(value.data(), kCheckBytes) != checksum(key, value.data() + kCheckBytes, 8))
        return false;
    *number = getBig(value.data() + kCheckBytes, 8);
    return true;
}

}  // namespace sara::store_embedded
