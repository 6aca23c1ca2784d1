package lambda

// tailBytes is how much of the log of an invocation its caller may ask for, from
// the end (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
const tailBytes = 4 << 10

// keepTail notes a line of the log. The caller holds logging.
func (s *sandbox) keepTail(line []byte) {
	if over := len(line) - tailBytes; over > 0 {
		line = line[over:]
	}
	s.tail = append(append(s.tail, line...), '\n')
	if over := len(s.tail) - tailBytes; over > 0 {
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
}

// dropTail forgets the log of the invocations before.
func (s *sandbox) dropTail() {
	s.logging.Lock()
	defer s.logging.Unlock()
	s.tail = s.tail[:0]
}

// takeTail is a copy of the end of the log.
func (s *sandbox) takeTail() []byte {
	s.logging.Lock()
	defer s.logging.Unlock()
	return append([]byte(nil), s.tail...)
}

// logged is a result with the invocation's id, its times and the end of its log.
func (inv *invocation) logged(r Result) Result {
	r.RequestID, r.Log, r.Duration, r.Init = inv.id, inv.tail, inv.took, inv.init
	return r
}
