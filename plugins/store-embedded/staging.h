// The group commit under construction: turns operations into one write batch, keeps the tails in
// step, and decides at commit how each operation ends. Refuses what is above a user's limits.
#pragma once
#include <leveldb/write_batch.h>

#include <cstdint>
#include <string>

#include "store-embedded/database.h"
#include "store-embedded/operation.h"
#include "store-embedded/reader.h"
#include "store-embedded/settings.h"
#include "store-embedded/tail_cache.h"

namespace sara::store_embedded {

class Staging {
  public:
    Staging(const HostFace& host, const Settings& settings, Database& database, TailCache& tails,
            Reader& reader)
        : host_(host), settings_(settings), database_(database), tails_(tails), reader_(reader) {}

    uint64_t batch() const { return batch_; }
    bool changed(const UserTail& tail) const { return tail.batch() == batch_; }
    size_t bytes() const { return write_batch_.ApproximateSize(); }
    const OperationChain& operations() const { return operations_; }

    // Each takes the operation into the batch, in the order of the calls.
    void append(Operation* op);
    void drop(Operation* op);
    // An operation that is already decided and waits for its turn to be delivered.
    void decided(Operation* op) { operations_.push(op); }

    // Deletes one packet of a tail, or of a user without a tail in memory.
    void remove(UserTail& tail, uint64_t seq);
    void removeKey(std::string_view key);

    // Writes the batch, durable when it holds an append, and gives back its operations with their
    // status.
    OperationChain commit();

  private:
    bool roomFor(UserTail& tail, uint64_t bytes);
    void noteChange(UserTail& tail);
    void stageMark(UserTail& tail);

    const HostFace& host_;
    const Settings& settings_;
    Database& database_;
    TailCache& tails_;
    Reader& reader_;

    uint64_t batch_ = 1;
    OperationChain operations_;
    leveldb::WriteBatch write_batch_;
    uint64_t appends_ = 0;
    uint64_t changes_ = 0;
    std::string key_;
    std::string value_;
};

}  // namespace sara::store_embedded
