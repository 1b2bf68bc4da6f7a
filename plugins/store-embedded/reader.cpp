#include "store-embedded/reader.h"

#include <algorithm>
#include <memory>

#include "store-embedded/record.h"

namespace sara::store_embedded {
namespace {

leveldb::ReadOptions checked() {
    leveldb::ReadOptions read;
    read.verify_checksums = true;
    return read;
}

// True when key belongs to user's backlog; its place goes to *seq.
bool ofUser(std::string_view key, std::string_view user, uint64_t* seq) {
    std::string_view owner;
    return splitQueueKey(key, &owner, seq) && owner == user;
}

}  // namespace

UserTail* Reader::tail(std::string_view user, uint64_t batch, sara_status* status) {
    *status = SARA_OK;
    if (UserTail* known = tails_.find(user)) return known;
    if (database_.reader() == nullptr) {
        *status = database_.state() != SARA_OK ? database_.state() : SARA_E_IO;
        return nullptr;
    }
    tails_.trim(batch);
    markKey(user, &key_);
    const leveldb::Status found = database_.reader()->Get(checked(), key_, &value_);
    if (!found.ok() && !found.IsNotFound()) {
        *status = database_.readFailed(found);
        if (*status != SARA_E_CORRUPT) return nullptr;
        *status = SARA_OK;
    }
    UserTail& tail = tails_.add(user);
    if (found.IsNotFound()) return &tail;
    // A mark that cannot be read says only that there may be a backlog: look from its beginning.
    uint64_t low_water = 0;
    if (found.ok() && decodeNumber(key_, value_, &low_water)) tail.setLowWater(low_water);
    tail.setMarked(found.ok());
    *status = scanTail(tail);
    if (*status != SARA_OK) {
        tails_.remove(tail);
        return nullptr;
    }
    tails_.account(tail);
    return &tail;
}

sara_status Reader::scanTail(UserTail& tail) {
    const std::unique_ptr<leveldb::Iterator> it(database_.reader()->NewIterator(checked()));
    queueKey(tail.user(), tail.lowWater() + 1, &key_);
    for (it->Seek(key_); it->Valid(); it->Next()) {
        uint64_t seq = 0;
        if (!ofUser(view(it->key()), tail.user(), &seq)) break;
        // Damaged tables may overlap: then the order of an iterator is nothing to rely on.
        if (seq <= tail.lastSeq()) continue;
        tail.append(seq, it->value().size(), peekExpiry(view(it->value())));
    }
    if (it->status().ok()) return SARA_OK;
    const sara_status failed = database_.readFailed(it->status());
    return failed == SARA_E_CORRUPT ? SARA_OK : failed;
}

void Reader::readPage(Operation* op, UserTail& tail, uint64_t wall_ms, std::vector<Gone>* gone) {
    if (tail.liveCount() == 0) return;
    if (database_.reader() == nullptr) {
        op->status = database_.state() != SARA_OK ? database_.state() : SARA_E_IO;
        return;
    }
    const uint64_t bytes_max = std::min(op->bytes_max, settings_.page_bytes_max);
    const std::unique_ptr<leveldb::Iterator> it(database_.reader()->NewIterator(checked()));
    uint64_t last = std::max(op->after_seq, tail.lowWater());
    if (last == UINT64_MAX) return;
    queueKey(op->user(), last + 1, &key_);
    uint64_t bytes = 0;
    for (it->Seek(key_); it->Valid(); it->Next()) {
        uint64_t seq = 0;
        Record record;
        if (!ofUser(view(it->key()), op->user(), &seq)) break;
        if (seq <= last) continue;  // as in scanTail()
        last = seq;
        if (!decodeRecord(view(it->key()), view(it->value()), &record)) {
            gone->push_back({seq, false});
            continue;
        }
        if (record.expires_ms <= wall_ms) {
            gone->push_back({seq, true});
            continue;
        }
        bytes += record.packet.size();
        if (op->found.size() >= op->count || (!op->found.empty() && bytes > bytes_max)) {
            op->more = 1;
            break;
        }
        op->found.push_back({seq, op->page.size(), static_cast<uint32_t>(record.id.size()),
                             static_cast<uint32_t>(record.from.size()), record.packet.size()});
        op->page.append(record.id).append(record.from).append(record.packet);
    }
    if (it->status().ok()) return;
    op->status = database_.readFailed(it->status());
    // LevelDB steps over a damaged block and tells at the end: the rest is good.
    if (op->status == SARA_E_CORRUPT) op->status = SARA_OK;
}

}  // namespace sara::store_embedded
