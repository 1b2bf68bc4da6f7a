sara_fuzz(redis_reply redis_reply.cpp LINK store_redis_room)
