#include "store-redis/resp.h"

#include <charconv>

namespace sara::store_redis {
namespace {

using MakeArray = decltype(redisReplyObjectFunctions::createArray);

// hiredis' own way to make an array, called only for lengths that were checked.
MakeArray makeArray() {
    static const MakeArray made = [] {
        redisReader* reader = redisReaderCreate();
        const MakeArray found = reader->fn->createArray;
        redisReaderFree(reader);
        return found;
    }();
    return made;
}

template <class Count>
void* makeBoundedArray(const redisReadTask* task, Count elements) {
    if (static_cast<std::size_t>(elements) > kReplyElementsMax) return nullptr;
    return makeArray()(task, elements);
}

}  // namespace

void CommandWriter::number(char mark, uint64_t value) {
    char text[24];
    text[0] = mark;
    char* end = std::to_chars(text + 1, text + 22, value).ptr;
    *end++ = '\r';
    *end++ = '\n';
    out_.append(text, static_cast<std::size_t>(end - text));
}

CommandWriter& CommandWriter::begin(std::size_t arguments) {
    number('*', arguments);
    return *this;
}

CommandWriter& CommandWriter::arg(std::string_view text) {
    number('$', text.size());
    out_.append(text).append("\r\n");
    return *this;
}

CommandWriter& CommandWriter::arg(uint64_t value) {
    char text[24];
    const char* end = std::to_chars(text, text + sizeof text, value).ptr;
    return arg(std::string_view(text, static_cast<std::size_t>(end - text)));
}

ReplyReader::ReplyReader() { reset(); }

void ReplyReader::reset() {
    reader_.reset(redisReaderCreate());
    // Its functions are a static table of hiredis: ours is a copy with a check in front.
    functions_ = *reader_->fn;
    functions_.createArray = makeBoundedArray;
    reader_->fn = &functions_;
    reader_->maxbuf = 1u << 20;  // keep a megabyte of buffer between replies
    pending_bytes_ = 0;
    error_.clear();
}

bool ReplyReader::feed(const char* data, std::size_t n) {
    pending_bytes_ += n;
    if (pending_bytes_ > kReplyBytesMax) {
        error_ = "an answer of more than " + std::to_string(kReplyBytesMax) + " bytes";
        return false;
    }
    if (redisReaderFeed(reader_.get(), data, n) == REDIS_OK) return true;
    error_ = reader_->errstr;
    return false;
}

Reply ReplyReader::next(bool* ok) {
    void* reply = nullptr;
    *ok = redisReaderGetReply(reader_.get(), &reply) == REDIS_OK;
    if (!*ok) error_ = std::string("not an answer of Redis: ") + reader_->errstr;
    if (reply != nullptr) pending_bytes_ = reader_->len - reader_->pos;
    return Reply(static_cast<redisReply*>(reply));
}

}  // namespace sara::store_redis
