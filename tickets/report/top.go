package report

// Top returns the first groups of a list, and where there are more than most, the sum of the others and how many they are. Of
// what is summed up nobody knows the median.
func Top(list []Group, most int) (shown []Group, others Group, n int) {
	if len(list) <= most {
		return list, Group{}, 0
	}
	for _, g := range list[most-1:] {
		others.Received += g.Received
		others.Done += g.Done
		others.Open += g.Open
		others.Late += g.Late
		others.Solution.Count += g.Solution.Count
		others.Solution.Due += g.Solution.Due
		others.Solution.InTime += g.Solution.InTime
		for i, c := range g.Satisfaction.Scores {
			others.Satisfaction.Scores[i] += c
		}
	}
	return list[:most-1], others, len(list) - most + 1
}
