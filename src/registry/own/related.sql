WITH asked AS (
    SELECT id, type_id, instrument, detector, exposure, visit
    FROM {registry.dataset} WHERE id [asked]
),
pairs AS (
    SELECT a.id AS of_id, e.id AS other_id, 'derivation' AS relation
    FROM asked AS a
    JOIN {registry.visit_definition} AS v
        ON v.instrument = a.instrument AND v.exposure = a.exposure
    JOIN {registry.dataset} AS e
        ON e.instrument = a.instrument AND e.visit = v.visit AND e.detector = a.detector
    UNION ALL
    SELECT a.id, e.id, 'progenitor'
    FROM asked AS a
    JOIN {registry.visit_definition} AS v
        ON v.instrument = a.instrument AND v.visit = a.visit
    JOIN {registry.dataset} AS e
        ON e.instrument = a.instrument AND e.exposure = v.exposure AND e.detector = a.detector
    UNION ALL
    SELECT a.id, e.id, 'preview'
    FROM asked AS a
    JOIN {registry.dataset} AS e
        ON e.instrument = a.instrument AND e.exposure = a.exposure AND e.detector = a.detector
    WHERE e.type_id <> a.type_id
    UNION ALL
    SELECT a.id, e.id, 'preview'
    FROM asked AS a
    JOIN {registry.dataset} AS e
        ON e.instrument = a.instrument AND e.visit = a.visit AND e.detector = a.detector
    WHERE e.type_id <> a.type_id
)
SELECT [of], [other], p.relation
FROM pairs AS p
WHERE EXISTS (
    SELECT 1 FROM {registry.file} AS f
    WHERE f.dataset_id = p.other_id AND (
        p.relation <> 'preview' OR f.media_type IN ('image/png', 'image/jpeg')
        OR f.uri LIKE '%.png' OR f.uri LIKE '%.jpg' OR f.uri LIKE '%.jpeg'
    )
)
ORDER BY p.of_id, p.relation, p.other_id
LIMIT $2
