#include "store-redis/scripts.h"

#include <openssl/sha.h>

#include <array>

namespace sara::store_redis {
namespace {

// KEYS: the backlog (hash: id -> packet, as the Go nodes keep it) and its order (sorted set: place
// -> "<expires_ms>:<bytes of from>:<from><id>"; the empty member has the last place given).
// A place is the time of arrival in microseconds, or one more than the last.
constexpr std::string_view kBacklog = R"lua(
local h,o=KEYS[1],KEYS[2]
local function parse(m)
  local e,n=string.match(m,'^(%d+):(%d+):')
  if not e then return nil end
  local p=#e+#n+2
  return tonumber(e),string.sub(m,p+1,p+tonumber(n)),string.sub(m,p+tonumber(n)+1)
end
local function clock() local t=redis.call('TIME') return t[1]*1000000+t[2] end
local function keep(ttl)
  local left=redis.call('PTTL',h)
  if left>=ttl then return end
  ttl=string.format('%.0f',ttl+math.floor(ttl/100))
  redis.call('PEXPIRE',h,ttl)
  redis.call('PEXPIRE',o,ttl)
end
local function count() local n=redis.call('ZCARD',o) if n>0 then n=n-1 end return n end
)lua";

// ARGV: now_ms, packets that may wait, then per packet ttl_ms, "<expires>:<n>:<from>", id, packet.
// A place per packet, "F" where the backlog is full; then how many wait now, and how many expired
// ones have left.
constexpr std::string_view kAppendSource = R"lua(
local now,max=tonumber(ARGV[1]),tonumber(ARGV[2])
local last=tonumber(redis.call('ZSCORE',o,'') or '0')
local gone=0
for _,m in ipairs(redis.call('ZRANGE',o,0,8)) do
  local e,_,f=parse(m)
  if e and e<=now then redis.call('HDEL',h,f) redis.call('ZREM',o,m) gone=gone+1 end
end
local have=redis.call('HLEN',h)
local t,ttl,out,new=clock(),0,{},{}
for i=3,#ARGV,4 do
  if have>=max then out[#out+1]='F' else
    last=math.max(last+1,t)
    local place=string.format('%.0f',last)
    local f=ARGV[i+2]
    if redis.call('HSETNX',h,f,ARGV[i+3])==0 then
      f=f..' '..place
      redis.call('HSET',h,f,ARGV[i+3])
    end
    new[#new+1]=place new[#new+1]=ARGV[i+1]..f
    have=have+1
    ttl=math.max(ttl,tonumber(ARGV[i]))
    out[#out+1]=place
  end
end
if #new>0 then
  new[#new+1]=string.format('%.0f',last) new[#new+1]=''
  redis.call('ZADD',o,unpack(new))
  keep(ttl)
end
out[#out+1]=tostring(have)
out[#out+1]=tostring(gone)
return out
)lua";

// ARGV: after, count, bytes, now_ms. more, expired, then per packet place, from, id, packet.
// What a Go node has written or deleted since is taken over first: in the order of ct.
constexpr std::string_view kFetchSource = R"lua(
local at,left,room,now=ARGV[1],tonumber(ARGV[2]),tonumber(ARGV[3]),tonumber(ARGV[4])
local week=604800000
local function adopt(floor)
  local known,new,t={},{},clock()
  for _,m in ipairs(redis.call('ZRANGE',o,0,-1)) do
    local e,_,f=parse(m)
    if e and redis.call('HEXISTS',h,f)==1 then known[f]=true
    elseif m~='' then redis.call('ZREM',o,m) end
  end
  for _,f in ipairs(redis.call('HKEYS',h)) do
    if not known[f] then
      local ok,p=pcall(cjson.decode,redis.call('HGET',h,f))
      local ct,from=0,''
      if ok and type(p)=='table' and type(p.envelope)=='table' then
        ct=math.floor(tonumber(p.envelope.ct) or 0)
        if type(p.envelope.from)=='string' then from=string.match(p.envelope.from,'^[^/]*') end
      end
      if ct<=0 or ct>now+week then ct=now end
      new[#new+1]={f,ct,from}
    end
  end
  table.sort(new,function(a,b) if a[2]~=b[2] then return a[2]<b[2] end return a[1]<b[1] end)
  local last=tonumber(redis.call('ZSCORE',o,'') or '0')
  for _,n in ipairs(new) do
    local f,ct,from=n[1],n[2],n[3]
    if ct+week<=now then redis.call('HDEL',h,f) else
      local s=math.max(math.min(ct*1000,t),floor+1)
      while redis.call('ZCOUNT',o,string.format('%.0f',s),string.format('%.0f',s))>0 do s=s+1 end
      floor=s
      last=math.max(last,s)
      redis.call('ZADD',o,string.format('%.0f',s),string.format('%.0f:%d:',ct+week,#from)..from..f)
    end
  end
  if #new>0 then redis.call('ZADD',o,string.format('%.0f',last),'') keep(week) end
end
local out,more,gone,found={},0,0,0
local function scan()
  while true do
    local page=redis.call('ZRANGEBYSCORE',o,'('..at,'+inf','WITHSCORES','LIMIT',0,64)
    local es,froms,fs={},{},{}
    for i=1,#page,2 do
      local e,from,f=parse(page[i])
      es[#es+1]=e or 0 froms[#froms+1]=from or '' fs[#fs+1]=f or ''
    end
    local vs=#fs>0 and redis.call('HMGET',h,unpack(fs)) or {}
    for i=1,#fs do
      local m,place,f,v=page[2*i-1],page[2*i],fs[i],vs[i]
      if m~='' then
        if not v or es[i]==0 then redis.call('ZREM',o,m)
        elseif es[i]<=now then redis.call('HDEL',h,f) redis.call('ZREM',o,m) gone=gone+1
        elseif found==left or (found>0 and #v>room) then more=1 return
        else
          local id,twin=string.match(f,'^([^ ]+) (%d+)$')
          if twin~=place then id=f end
          found=found+1 room=room-#v
          out[#out+1]=place out[#out+1]=froms[i] out[#out+1]=id out[#out+1]=v
        end
        at=place
      end
    end
    if #page<128 then return end
  end
end
if redis.call('HLEN',h)~=count() then adopt(tonumber(at)) end
scan()
if more==0 and redis.call('HLEN',h)~=count() then adopt(tonumber(at)) scan() end
table.insert(out,1,gone) table.insert(out,1,more)
return out
)lua";

// ARGV: places.
constexpr std::string_view kDropSource = R"lua(
local n=0
for i=1,#ARGV do
  for _,m in ipairs(redis.call('ZRANGEBYSCORE',o,ARGV[i],ARGV[i])) do
    local e,_,f=parse(m)
    if e then redis.call('HDEL',h,f) redis.call('ZREM',o,m) n=n+1 end
  end
end
return n
)lua";

// A session as the Go nodes write it. Member names in any case, as they read them.
constexpr std::string_view kSession = R"lua(
local function describe(v)
  if not v then return {} end
  local ok,p=pcall(cjson.decode,v)
  if not ok or type(p)~='table' then return {} end
  local r={}
  for k,x in pairs(p) do if type(k)=='string' then r[string.lower(k)]=x end end
  local function text(x) if type(x)=='string' then return x end return '' end
  local ct=tonumber(type(r.ct)~='userdata' and r.ct or 0) or 0
  if ct<0 or ct>9e12 then ct=0 end
  return {text(r.sid),text(r.jid),text(r.nodeid),text(r.channel),string.format('%.0f',ct)}
end
)lua";

// KEYS: session_<bare>. ARGV: the new record. What it replaced.
constexpr std::string_view kClaimSource = R"lua(
local v=redis.call('GET',KEYS[1])
redis.call('SET',KEYS[1],ARGV[1])
return describe(v)
)lua";

// KEYS: session_<bare>. ARGV: sid. Deletes the record of that session and no other.
constexpr std::string_view kReleaseSource = R"lua(
if describe(redis.call('GET',KEYS[1]))[1]==ARGV[1] then return redis.call('DEL',KEYS[1]) end
return 0
)lua";

// KEYS: <nodeid>_idx. ARGV: session_<bare>, sid. The same for the list of the node's sessions.
constexpr std::string_view kForgetSource = R"lua(
if describe(redis.call('HGET',KEYS[1],ARGV[1]))[1]==ARGV[2] then return redis.call('HDEL',KEYS[1],ARGV[1]) end
return 0
)lua";

constexpr std::string_view kLookupSource = R"lua(
return describe(redis.call('GET',KEYS[1]))
)lua";

// KEYS: session_<bare>. ARGV: the record. Writes it when there is none; 2: written, 1: it was
// there, 0: another one is.
constexpr std::string_view kRenewSource = R"lua(
local v=redis.call('GET',KEYS[1])
if not v then redis.call('SET',KEYS[1],ARGV[1]) return 2 end
if v==ARGV[1] then return 1 end
return 0
)lua";

// KEYS: node_alive_<nodeid>. ARGV: seconds, nodeaddr. 1 when the key was still there.
constexpr std::string_view kBeatSource = R"lua(
local was=redis.call('EXISTS',KEYS[1])
redis.call('SETEX',KEYS[1],ARGV[1],ARGV[2])
return was
)lua";

// KEYS: a string. ARGV: what it must still be to be deleted.
constexpr std::string_view kEraseSource = R"lua(
if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end
return 0
)lua";

// KEYS: a hash. ARGV: field, and what it must still be to be deleted.
constexpr std::string_view kStrikeSource = R"lua(
if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then return redis.call('HDEL',KEYS[1],ARGV[1]) end
return 0
)lua";

struct Text {
    std::string source;
    std::string sha;
};

std::string shaOfText(const std::string& source) {
    unsigned char hash[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(source.data()), source.size(), hash);
    std::string text;
    for (const unsigned char byte : hash) {
        constexpr std::string_view kHex = "0123456789abcdef";
        text.push_back(kHex[byte >> 4]);
        text.push_back(kHex[byte & 15]);
    }
    return text;
}

const std::array<Text, kScripts>& texts() {
    static const std::array<Text, kScripts> all = [] {
        struct Part {
            Script script;
            std::string_view head, body;
        };
        const Part parts[] = {{Script::kAppend, kBacklog, kAppendSource},
                              {Script::kFetch, kBacklog, kFetchSource},
                              {Script::kDrop, kBacklog, kDropSource},
                              {Script::kClaim, kSession, kClaimSource},
                              {Script::kRelease, kSession, kReleaseSource},
                              {Script::kForget, kSession, kForgetSource},
                              {Script::kLookup, kSession, kLookupSource},
                              {Script::kRenew, {}, kRenewSource},
                              {Script::kBeat, {}, kBeatSource},
                              {Script::kErase, {}, kEraseSource},
                              {Script::kStrike, {}, kStrikeSource}};
        std::array<Text, kScripts> made;
        for (const Part& part : parts) {
            Text& text = made[static_cast<uint32_t>(part.script)];
            text.source = std::string(part.head) + std::string(part.body);
            text.sha = shaOfText(text.source);
        }
        return made;
    }();
    return all;
}

}  // namespace

std::string_view sourceOf(Script script) { return texts()[static_cast<uint32_t>(script)].source; }

std::string_view shaOf(Script script) { return texts()[static_cast<uint32_t>(script)].sha; }

}  // namespace sara::store_redis
