#include "store-embedded/sweeper.h"

#include <memory>

#include "store-embedded/record.h"

namespace sara::store_embedded {
namespace {

leveldb::ReadOptions passing() {
    leveldb::ReadOptions read;
    read.verify_checksums = true;
    read.fill_cache = false;
    return read;
}

}  // namespace

void Sweeper::begin() {
    if (active_) return;
    active_ = true;
    marks_ = false;
    cursor_ = kQueuePrefix;
}

void Sweeper::slice() {
    if (!active_ || database_.state() != SARA_OK) return;
    if (marks_) {
        sliceMarks();
    } else {
        slicePackets();
    }
}

void Sweeper::slicePackets() {
    const uint64_t now_ms = host_.wallMs();
    const std::unique_ptr<leveldb::Iterator> it(database_.reader()->NewIterator(passing()));
    int keys = 0;
    for (it->Seek(cursor_); it->Valid() && keys < kKeysPerSlice; it->Next(), ++keys) {
        const std::string_view key = view(it->key());
        if (!key.starts_with(kQueuePrefix)) break;
        if (peekExpiry(view(it->value())) > now_ms) continue;
        std::string_view user;
        uint64_t seq = 0;
        Record record;
        const bool sound =
            splitQueueKey(key, &user, &seq) && decodeRecord(key, view(it->value()), &record);
        host_.add(sound ? Metric::kExpired : Metric::kCorrupt, 1);
        UserTail* tail = user.empty() ? nullptr : tails_.peek(user);
        if (tail != nullptr) {
            staging_.remove(*tail, seq);
        } else {
            staging_.removeKey(key);
        }
    }
    if (it->Valid() && view(it->key()).starts_with(kQueuePrefix)) {
        cursor_.assign(view(it->key()));
        return;
    }
    if (!it->status().ok()) (void)database_.readFailed(it->status());
    marks_ = true;
    cursor_ = kMarkPrefix;
}

void Sweeper::sliceMarks() {
    const std::unique_ptr<leveldb::Iterator> it(database_.reader()->NewIterator(passing()));
    const std::unique_ptr<leveldb::Iterator> queue(database_.reader()->NewIterator(passing()));
    std::string first;
    int keys = 0;
    for (it->Seek(cursor_); it->Valid() && keys < kKeysPerSlice; it->Next(), ++keys) {
        const std::string_view key = view(it->key());
        if (!key.starts_with(kMarkPrefix)) break;
        const std::string_view user = key.substr(kMarkPrefix.size());
        // A tail in memory relies on its mark.
        if (tails_.peek(user) != nullptr) continue;
        queueKey(user, 0, &first);
        queue->Seek(first);
        std::string_view owner;
        uint64_t seq = 0;
        if (!queue->status().ok()) break;
        const bool waits =
            queue->Valid() && splitQueueKey(view(queue->key()), &owner, &seq) && owner == user;
        if (!waits) staging_.removeKey(key);
    }
    if (it->Valid() && queue->status().ok() && view(it->key()).starts_with(kMarkPrefix)) {
        cursor_.assign(view(it->key()));
        return;
    }
    active_ = false;
}

}  // namespace sara::store_embedded
